/**
 * Gives the function that handles a contract's calls the name that a stack shows: what calls it, be
 * that a route, a command or a queue. The handlers of the route table are written without a name,
 * and a bundle would not keep one.
 */
export function named<F extends (...values: never[]) => unknown>(handle: F, name: string): F {
  return Object.defineProperty(handle, "name", { value: name });
}
