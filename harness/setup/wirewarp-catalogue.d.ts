/** The scenarios of this checkout, sorted by path. Made by harness/setup/catalogue.mjs when the program is built. */
declare module 'wirewarp:catalogue' {
  /** `path` is relative to the checkout: "scenarios/multicast/expiry.ts". `scenario` is that file's default export. */
  export const catalogue: readonly { readonly path: string; readonly scenario: unknown }[];
}
