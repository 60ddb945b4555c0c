/**
 * Theme: what all charts look like. A chart is an SVG that stands by itself: transparent, and in the colours that the reader's
 * system asks for, light or dark, by CSS inside it.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Colours by their role; the style gives them values. */
export const OURS = 'var(--ours)';
export const OTHERS = 'var(--others)';
export const TEXT = 'var(--text)';
const MUTED = 'var(--muted)';

/** Pixels. */
const WIDTH = 760;
export const FONT_SIZE = 12;
export const TOP = 56;
export const BOTTOM = 44;
const TITLE = { textAnchor: 'start', fontSize: 15, fontWeight: 600, fill: TEXT } as const;

const STYLE = `
svg { --text: #1f2328; --muted: #59636e; --ours: #0969da; --others: #afb8c1; --grid: #59636e; color: var(--muted); font: ${FONT_SIZE}px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --text: #f0f6fc; --muted: #9198a1; --ours: #4493f8; --others: #656c76; --grid: #9198a1; }
}
`;

export interface Axis {
  readonly label: string;
  readonly type?: 'linear' | 'log';
  readonly domain?: readonly (number | string)[];
}

export interface Chart {
  readonly title: string;
  readonly height: number;
  readonly margins: { readonly left: number; readonly right: number };
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: Plot.Markish[];
}

/** A scale of a drawn chart: values to pixels and back. */
interface Scale {
  apply(value: number): number;
  invert(pixel: number): number;
}

/** A drawn chart: the text of its SVG. */
export interface Drawing {
  readonly svg: string;
  scale(name: 'x' | 'y'): Scale;
}

export function draw({ title, height, margins, x, y, marks }: Chart): Drawing {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const plot = Plot.plot({
    // Chromium's document and linkedom's are alike as far as Plot goes.
    document: document as never,
    width: WIDTH,
    height,
    marginLeft: margins.left,
    marginRight: margins.right,
    marginTop: TOP,
    marginBottom: BOTTOM,
    ariaLabel: title,
    className: 'chart',
    x: scaleOptions(x),
    y: scaleOptions(y),
    marks: [Plot.text([title], { frameAnchor: 'top-left', dx: 8 - margins.left, dy: -TOP + 8, ...TITLE }), ...marks],
  }) as unknown as { outerHTML: string; scale(name: string): Scale };
  return { svg: standAlone(plot.outerHTML), scale: (name) => plot.scale(name) };
}

/** Labels, gridlines and what else text is, in the theme's colours. */
export const muted = { fill: MUTED, fontSize: FONT_SIZE } as const;

/** Powers of ten from below `least` to above `most`. */
export function decades(least: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return Array.from({ length: Math.max(2, to - from + 1) }, (_, i) => 10 ** (from + i));
}

/** As short as the tick of an axis must be. */
export function short(value: number): string {
  if (Math.abs(value) >= 1e6) return `${value / 1e6}M`;
  return Math.abs(value) >= 1e3 ? `${value / 1e3}k` : String(value);
}

function scaleOptions({ label, domain, ...axis }: Axis): Plot.ScaleOptions {
  return { ...axis, label, labelArrow: 'none', ...(domain && { domain: [...domain] }) } as Plot.ScaleOptions;
}

/** HTML's way to write an SVG needs a namespace to be a file, and gets the theme in place of Plot's own style. */
function standAlone(html: string): string {
  const styled = html.replace(/<style>.*?<\/style>/s, `<style>${STYLE}</style>`);
  return `${styled.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" role="img" ')}\n`;
}
