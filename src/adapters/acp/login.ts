/**
 * The terminal method of authentication. The specification says that a client appends the method's arguments to those of the
 * agent, the registry's page that they take their place: both are accepted (`docs/reference/acp-agent.md`, section 4).
 */
const LOGIN_ARGUMENT = "--login";

/** Sent to clients that can open a terminal. */
export const LOGIN_METHOD = {
  id: "seren-login",
  name: "Log in",
  description: "Asks for the API key of your Seren organization in a terminal, and stores it on this machine.",
  type: "terminal",
  args: [LOGIN_ARGUMENT],
} as const;

/** Whether a client starts this program so that a person logs in: with the method's arguments, after `mode` or without it. */
export function isLoginCommand(args: readonly string[], mode: string): boolean {
  const [last, ...before] = [...args].reverse();
  return last === LOGIN_ARGUMENT && (before.length === 0 || (before.length === 1 && before[0] === mode));
}
