/** Colours of a style sheet as numbers: what https://www.w3.org/TR/css-color-4/ says of them. */
type Rgb = [red: number, green: number, blue: number];

/** Red, green and blue, each 0 to 1 and linear, of `#rrggbb` or `oklch(l c h)`. */
function linearOf(colour: string): Rgb {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex) return hex.slice(1).map((two) => expand(Number.parseInt(two, 16) / 255)) as Rgb;
  const [, l, c, h] = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)$/.exec(colour) ?? [];
  if (l === undefined) throw new Error(`No colour that is known here: ${colour}`);
  return fromOklch(Number(l), Number(c), (Number(h) * Math.PI) / 180);
}

const expand = (value: number) =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;

function fromOklch(lightness: number, chroma: number, hue: number): Rgb {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  // Out of the screen's range a browser takes the nearest colour of it.
  const inRange = (value: number) => Math.min(1, Math.max(0, value));
  return [
    inRange(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    inRange(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    inRange(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** How well one is read on the other, 1 to 21. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrastOf(one: string, other: string): number {
  const luminances = [one, other].map((colour) => {
    const [red, green, blue] = linearOf(colour);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  return (Math.max(...luminances) + 0.05) / (Math.min(...luminances) + 0.05);
}
