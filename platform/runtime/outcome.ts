/** A settled result: returns it, or throws the error. */
export type Outcome<Answer> = () => Answer;

/**
 * Waits until some work has settled, and keeps its outcome: for parallel work whose refusal must
 * come after others.
 */
export const outcomeOf = <Answer>(work: Promise<Answer>): Promise<Outcome<Answer>> =>
  work.then(
    (answer) => () => answer,
    (error: unknown) => () => {
      throw error;
    },
  );
