/** Options of a call that nothing stops. */
export const PATIENT = { signal: new AbortController().signal };
