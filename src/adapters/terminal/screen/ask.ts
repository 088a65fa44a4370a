/**
 * Questions on the terminal. The library that asks is loaded at the first question. It draws on stderr by itself, past our
 * writer, so that what it is given is cleaned here.
 */
import { ExecutionFailure } from "../../../support/failure.ts";
import { lazy } from "../../../support/lazy.ts";
import type { Screen } from "./screen.ts";
import { oneLine } from "./text.ts";

const prompts = lazy(() => import("@clack/prompts"));

export interface Choice<T extends string> {
  value: T;
  label: string;
}

/** Rejects with `cancelled` when the question is dismissed. The caller makes sure that the screen is interactive. */
export async function confirm(screen: Screen, message: string): Promise<boolean> {
  const { confirm: ask, isCancel } = await prompts();
  const answer = await ask({
    message: oneLine(message),
    initialValue: false,
    input: screen.stdin,
    output: screen.stderr.stream,
  });
  if (isCancel(answer)) throw dismissed();
  return answer;
}

/** Resolves with undefined when the question is dismissed or the signal aborts. */
export async function select<T extends string>(
  screen: Screen,
  message: string,
  options: Choice<T>[],
  signal?: AbortSignal,
): Promise<T | undefined> {
  const { select: ask, isCancel } = await prompts();
  const answer = await ask<string>({
    message: oneLine(message),
    options: options.map(({ value, label }) => ({ value, label: oneLine(label) })),
    input: screen.stdin,
    output: screen.stderr.stream,
    ...(signal ? { signal } : {}),
  });
  return isCancel(answer) ? undefined : options.find(({ value }) => value === answer)?.value;
}

/** Asks for text that is not shown. Rejects with `cancelled` when the question is dismissed. */
export async function password(screen: Screen, message: string): Promise<string> {
  const { password: ask, isCancel } = await prompts();
  const answer = await ask({ message: oneLine(message), input: screen.stdin, output: screen.stderr.stream });
  if (isCancel(answer)) throw dismissed();
  return answer ?? "";
}

function dismissed(): ExecutionFailure {
  return new ExecutionFailure("cancelled", "nothing was changed");
}
