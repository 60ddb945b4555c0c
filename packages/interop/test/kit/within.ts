/** Places within the event of a number at which a connection may be cut, from front to back. The last is one byte before the end. */
export const WITHIN: readonly ((number: number) => RegExp)[] = [
  (number) => new RegExp(`data: ${number - 1}\\nid: .+\\n\\n.`),
  (number) => new RegExp(`data: ${number}`),
  (number) => new RegExp(`data: ${number}\\n`),
  (number) => new RegExp(`data: ${number}\\nid: .`),
  (number) => new RegExp(`data: ${number}\\nid: .+\\n`),
];
