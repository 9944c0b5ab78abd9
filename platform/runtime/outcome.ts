/** What became of something: answers it, or throws what it ended with. */
export type Outcome<Answer> = () => Answer;

/**
 * Waits until something is done, and keeps how it ended: for parallel work whose refusal only
 * counts after others.
 */
export const outcomeOf = <Answer>(work: Promise<Answer>): Promise<Outcome<Answer>> =>
  work.then(
    (answer) => () => answer,
    (error: unknown) => () => {
      throw error;
    },
  );
