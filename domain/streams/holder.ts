/**
 * Whose a socket is: its user, or the overlay key that opened it, which is nobody. A colon is in no
 * user's id, so one name serves both.
 */
export const overlayHolder = (overlayKeyId: string) => `overlay:${overlayKeyId}`;

/** Whether an overlay key opened it: it reads, and is neither counted nor listed. */
export const isOverlay = (holder: string) => holder.startsWith("overlay:");
