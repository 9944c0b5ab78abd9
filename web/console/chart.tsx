import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

type Props = {
  title: string;
  /** The unit shown after the newest value. */
  unit: string;
  seconds: readonly number[];
  /** A null interrupts the line. */
  values: readonly (number | null)[];
};

const height = 120;
/** Seconds that a chart shows: the shortest of these that contains every value, or an hour. */
const windows = [120, 240, 480, 1_200];
/** Positions of the time labels, as fractions of the window. */
const marks = [0.25, 0.5, 0.75, 1];
const markOf = (seconds: number, isMinutes: boolean) =>
  seconds === 0 ? "now" : isMinutes ? `−${seconds / 60} min` : `−${seconds} s`;
const windowOf = (seconds: number) => windows.find((one) => one >= seconds) ?? 3_600;
/** Labels that span more seconds than this are in minutes. */
const secondsMax = 90;
const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** The value of a colour token for the canvas. */
function colourOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

function draw(element: HTMLElement): uPlot {
  const [accent, muted, line] = ["--accent", "--muted", "--line"].map((name) =>
    colourOf(element, name),
  );
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = { stroke: muted!, font, grid: { stroke: line!, width: 1 }, ticks: { show: false } };
  return new uPlot(
    {
      width: element.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: {
        x: { range: (_, min, max) => [max - windowOf(max - min), max] },
        y: { range: (_, __, max) => [0, Math.max(4, max * 1.15)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 28,
          splits: (_, __, min, max) => marks.map((mark) => min + mark * (max - min)),
          values: (_, at) => {
            const newest = at.at(-1) ?? 0;
            const isMinutes = newest - (at[0] ?? newest) > secondsMax;
            return at.map((second) => markOf(Math.round(newest - second), isMinutes));
          },
        },
        { ...axis, size: 44, space: 36, values: (_, at) => at.map((y) => numbers.format(y)) },
      ],
      series: [
        {},
        {
          stroke: accent!,
          width: 2,
          fill: `color-mix(in srgb, ${accent} 12%, transparent)`,
        },
      ],
    },
    [[], []],
    element,
  );
}

/** A line chart of up to an hour, titled with its name and current value. */
export function Chart({ title, unit, seconds, values }: Props) {
  const container = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = container.current!;
    const again = () => {
      const data = plot.current?.data;
      plot.current?.destroy();
      plot.current = draw(element);
      if (data !== undefined) plot.current.setData(data);
    };
    again();
    const resizing = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height }),
    );
    resizing.observe(element);
    const theme = matchMedia("(prefers-color-scheme: light)");
    theme.addEventListener("change", again);
    return () => {
      resizing.disconnect();
      theme.removeEventListener("change", again);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([[...seconds], [...values]]);
  }, [seconds, values]);
  const newest = values.at(-1) ?? undefined;
  return (
    <figure class="card chart" aria-label={title}>
      <figcaption>
        <span>{title}</span>
        <span class="number">
          <b>{newest === undefined ? "–" : numbers.format(newest)}</b>{" "}
          <span class="quiet">{unit}</span>
        </span>
      </figcaption>
      <div ref={container} class="plot" aria-hidden="true" />
    </figure>
  );
}
