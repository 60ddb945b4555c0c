/**
 * What an Accept header says of `text/event-stream` (RFC 9110, section 12.5.1). Pure. What is malformed is passed over, nothing throws.
 */

// Separators within quotes do not separate.
const ELEMENT = /(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g;
const PARAMETER = /(?:[^;"]|"(?:\\.|[^"\\])*"?)+/g;
const RANGE = /^(?:\*|[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)$/;
const WEIGHT = /^q\s*=\s*(\d+\.?\d*|\.\d+)$/i;

/** "The most specific reference has precedence." A lone `*` is what old Java clients send. */
const SPECIFICITY: ReadonlyMap<string, number> = new Map([
  ['text/event-stream', 3],
  ['text/*', 2],
  ['*/*', 1],
  ['*', 1],
]);

/** True where the client takes an event stream: it says so, or says nothing at all. */
export function acceptsEventStream(accept: string | undefined): boolean {
  const { weight, ranges } = weigh(accept);
  return weight === undefined ? ranges === 0 : weight > 0;
}

/**
 * True only where the client explicitly refuses event streams, by `;q=0` on the most specific range that matches them. Not
 * mentioning them is no refusal: many clients send whatever their HTTP library does.
 */
export function refusesEventStream(accept: string | undefined): boolean {
  return weigh(accept).weight === 0;
}

/** The weight of `text/event-stream`, undefined where no range matches it, and the number of ranges. */
function weigh(accept = ''): { weight: number | undefined; ranges: number } {
  let weight: number | undefined;
  let specificity = 0;
  let ranges = 0;
  for (const element of accept.match(ELEMENT) ?? []) {
    const [range = '', ...parameters] = (element.match(PARAMETER) ?? []).map((part) => part.trim());
    if (!RANGE.test(range)) continue;
    ranges += 1;
    const found = SPECIFICITY.get(range.toLowerCase()) ?? 0;
    if (found === 0 || found < specificity) continue;
    const own = weightOf(parameters);
    weight = found > specificity ? own : Math.max(weight ?? 0, own);
    specificity = found;
  }
  return { weight, ranges };
}

function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const text = WEIGHT.exec(parameter)?.[1];
    if (text !== undefined) return Number(text);
  }
  return 1;
}
