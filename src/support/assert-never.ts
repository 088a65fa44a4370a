/**
 * The last branch of a switch that names every member of a union: the compiler rejects the call as soon as the union has
 * a member without a branch. Throws at run time, which only a value outside its declared type can reach.
 */
export function assertNever(value: never): never {
  const given: unknown = value;
  const type = typeof given === "object" && given !== null && "type" in given ? ` of type ${String(given.type)}` : "";
  throw new TypeError(`a value${type} was not handled`);
}
