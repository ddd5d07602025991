/** Members that know their place, so that one is taken out at once: the last one moves there. */
export class Places<At extends string, Member extends Record<At, number>> {
  /** The field of a member that holds its place; below 0 for none. */
  private readonly at: At
  readonly members: Array<Member> = []

  constructor(at: At) {
    this.at = at
  }

  /** If it is not there already. */
  add(member: Member): void {
    if (member[this.at] < 0) this.put(member, this.members.push(member) - 1)
  }

  /** If it is there. */
  remove(member: Member): void {
    const place = member[this.at]
    if (place < 0) return
    const last = this.members.pop()
    if (last !== undefined && last !== member) {
      this.members[place] = last
      this.put(last, place)
    }
    this.put(member, -1)
  }

  private put(member: Record<At, number>, place: number): void {
    member[this.at] = place
  }
}
