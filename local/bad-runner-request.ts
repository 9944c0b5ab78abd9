import type * as z from "zod";

/** Refuses a request to one of the runner's own routes with 400 and the reasons. */
export class BadRunnerRequest extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(faults.join("; "));
    this.faults = faults;
  }
}

/** The body of a request to an own route; a body of another form is refused with the reasons. */
export function checkBody<Form extends z.ZodType>(form: Form, body: unknown): z.infer<Form> {
  const { data, error } = form.safeParse(body ?? {});
  if (error === undefined) return data;
  throw new BadRunnerRequest(
    error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`),
  );
}
