/** A settled result: returns the value or throws the error. */
export type Outcome<Answer> = () => Answer;

/**
 * Waits until work has settled and keeps its outcome, for parallel work whose error must be thrown
 * after others.
 */
export const outcomeOf = <Answer>(work: Promise<Answer>): Promise<Outcome<Answer>> =>
  work.then(
    (answer) => () => answer,
    (error: unknown) => () => {
      throw error;
    },
  );
