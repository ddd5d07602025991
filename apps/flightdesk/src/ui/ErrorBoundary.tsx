import { Component, type ReactNode } from "react"

interface Props {
  /** Another one is another try. */
  readonly resetKey: unknown
  readonly fallback: ReactNode
  readonly children: ReactNode
}

interface State {
  readonly triedWith: unknown
  readonly failed: boolean
}

/** Shows the fallback in the place of children that threw, until there is another reset key. */
export class ErrorBoundary extends Component<Props, State> {
  override readonly state: State = { triedWith: this.props.resetKey, failed: false }

  static getDerivedStateFromError(): Partial<State> {
    return { failed: true }
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: State): Partial<State> | null {
    return Object.is(resetKey, state.triedWith) ? null : { triedWith: resetKey, failed: false }
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children
  }
}
