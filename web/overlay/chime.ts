/** Two notes for a small gift, five for a large one, in hertz: an ascending C major chord. */
const notes = { small: [784, 1047], large: [523, 659, 784, 1047, 1319] };
const stepSeconds = 0.09;
const ringSeconds = 0.7;
const loudness = 0.12;
/** Minimum pause, so that a series of gifts does not rattle. */
const pauseMilliseconds = 400;

/**
 * Plays a chime for gifts, synthesized here. Browsers allow sound only after a user gesture; OBS
 * allows it at once.
 */
export function createChime(isMuted: boolean): (kind: keyof typeof notes) => void {
  let context: AudioContext | undefined;
  let restsUntil = 0;
  return (kind) => {
    const mayRing = "obsstudio" in window || navigator.userActivation?.hasBeenActive;
    if (isMuted || !mayRing || performance.now() < restsUntil) return;
    restsUntil = performance.now() + pauseMilliseconds;
    context ??= new AudioContext();
    for (const [at, hertz] of notes[kind].entries()) {
      const begins = context.currentTime + at * stepSeconds;
      ring(context, hertz, begins);
    }
  };
}

/** A note that is struck and fades out; its nodes are released when it has ended. */
function ring(context: AudioContext, hertz: number, begins: number): void {
  const tone = new OscillatorNode(context, { type: "triangle", frequency: hertz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, begins);
  volume.gain.linearRampToValueAtTime(loudness, begins + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.0001, begins + ringSeconds);
  tone.connect(volume).connect(context.destination);
  tone.start(begins);
  tone.stop(begins + ringSeconds);
}
