/** An animated drawing of a concert, shown instead of a video. */

const columns = 56;
const beams = [
  { at: 0.12, hue: "255,92,122", speed: 0.23 },
  { at: 0.34, hue: "124,92,255", speed: 0.31 },
  { at: 0.5, hue: "255,190,120", speed: 0.17 },
  { at: 0.68, hue: "92,140,255", speed: 0.27 },
  { at: 0.88, hue: "255,92,170", speed: 0.21 },
];
const heads = Array.from({ length: 34 }, (_, at) => ({
  x: (at + 0.5) / 34 + Math.sin(at * 7.3) * 0.012,
  size: 0.034 + ((at * 37) % 11) / 900,
  phase: at * 1.7,
}));
const framesPerSecond = 24;
/** Soft lights need no more pixels in width, and more would slow the page down. */
const pixelsMax = 720;
/** The share of time that drawing may take; slow machines get a lower frame rate. */
const shareMax = 1 / 6;

/**
 * Animates a canvas until stopped. `energy` brightens it for a moment, for example for a gift. With
 * reduced motion it draws a single frame.
 */
export function animateStage(canvas: HTMLCanvasElement) {
  const context = canvas.getContext("2d")!;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let energy = 0;
  let nextAt = 0;
  let frame = 0;

  function draw(time: number): void {
    frame = requestAnimationFrame(draw);
    if (time < nextAt) return;
    const began = performance.now();
    energy *= 0.95;
    paint(context, time / 1000, energy);
    const spent = performance.now() - began;
    nextAt = time + Math.max(1000 / framesPerSecond, spent / shareMax);
  }

  function fit(): void {
    const scale = Math.min(devicePixelRatio, pixelsMax / Math.max(1, canvas.clientWidth));
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
    paint(context, isStill ? 4.2 : performance.now() / 1000, energy);
  }

  const sizes = new ResizeObserver(fit);
  sizes.observe(canvas);
  if (!isStill) frame = requestAnimationFrame(draw);
  return {
    lift(by: number): void {
      energy = Math.min(1, energy + by);
    },
    stop(): void {
      sizes.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}

function paint(context: CanvasRenderingContext2D, time: number, energy: number): void {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "source-over";
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, "#090a14");
  sky.addColorStop(0.7, "#1b1233");
  sky.addColorStop(1, "#0d0a18");
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  paintWall(context, time, energy);
  paintBeams(context, time, energy);
  paintCrowd(context, time, energy);
}

/** The wall of lights behind the stage, which pulses like music. */
function paintWall(context: CanvasRenderingContext2D, time: number, energy: number): void {
  const { width, height } = context.canvas;
  const cell = width / columns;
  const floor = height * 0.7;
  for (let column = 0; column < columns; column++) {
    const x = column / columns;
    const wave =
      Math.sin(x * 9 + time * 1.7) +
      Math.sin(x * 23 - time * 2.3) * 0.6 +
      Math.sin(time * 5.1 + x * 4);
    const arch = Math.sin(x * Math.PI) ** 0.7;
    const rise = (0.3 + 0.16 * wave + 0.35 * energy) * arch;
    const lit = Math.max(1, Math.round((rise * floor * 0.8) / cell));
    const red = Math.round(255 - 131 * x);
    const blue = Math.round(122 + 133 * x);
    for (let row = 0; row < lit; row++) {
      const fade = 1 - row / (lit + 1);
      context.fillStyle = `rgba(${red},92,${blue},${(0.1 + 0.55 * fade).toFixed(3)})`;
      context.fillRect(
        column * cell + cell * 0.18,
        floor - (row + 1) * cell,
        cell * 0.64,
        cell * 0.64,
      );
    }
  }
}

function paintBeams(context: CanvasRenderingContext2D, time: number, energy: number): void {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "lighter";
  for (const { at, hue, speed } of beams) {
    const top = at * width;
    const foot = (at + Math.sin(time * speed * 2 + at * 20) * 0.28) * width;
    const spread = width * 0.085;
    const light = context.createLinearGradient(top, 0, foot, height * 0.92);
    light.addColorStop(0, `rgba(${hue},${(0.34 + energy * 0.3).toFixed(3)})`);
    light.addColorStop(1, `rgba(${hue},0)`);
    context.fillStyle = light;
    context.beginPath();
    context.moveTo(top - 3, 0);
    context.lineTo(top + 3, 0);
    context.lineTo(foot + spread, height * 0.92);
    context.lineTo(foot - spread, height * 0.92);
    context.fill();
  }
  const haze = context.createRadialGradient(
    ...[width / 2, height * 0.72, 0, width / 2, height * 0.72, width * 0.5],
  );
  haze.addColorStop(0, `rgba(255,140,170,${(0.26 + energy * 0.3).toFixed(3)})`);
  haze.addColorStop(1, "rgba(60,30,120,0)");
  context.fillStyle = haze;
  context.fillRect(0, 0, width, height);
}

function paintCrowd(context: CanvasRenderingContext2D, time: number, energy: number): void {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "#06060c";
  for (const { x, size, phase } of heads) {
    const jump = Math.abs(Math.sin(time * 2.4 + phase)) * (0.008 + energy * 0.03);
    const y = height * (0.93 - jump);
    const radius = size * width * 0.5;
    context.beginPath();
    context.arc(x * width, y, radius, 0, 2 * Math.PI);
    context.ellipse(x * width, y + radius * 2.4, radius * 1.9, radius * 1.7, 0, 0, 2 * Math.PI);
    context.fill();
  }
  context.fillRect(0, height * 0.975, width, height * 0.025);
}
