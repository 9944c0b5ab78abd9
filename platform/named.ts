/**
 * Gives the function that handles a contract's calls the name by which a stack tells of it: the
 * handlers of the route table are written without one.
 */
export function named<F extends (...values: never[]) => unknown>(handle: F, name: string): F {
  return Object.defineProperty(handle, "name", { value: name });
}
