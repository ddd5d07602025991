/** Made by `model/plugin.ts`: the compiled delay model. */
declare module "virtual:delay-model" {
  export const url: string
  /** Of its bytes, in hexadecimal. */
  export const sha256: string
}
