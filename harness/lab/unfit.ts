/** The story cannot be told here, through nobody's fault: its variant is skipped, with this reason. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
}
