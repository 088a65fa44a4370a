/**
 * Questions on the terminal. The library that asks is loaded at the first question. It draws on stderr by itself, past our
 * writer, so that what it is given is cleaned here.
 */
import { ExecutionFailure } from "../../../support/failure.ts";
import { lazy } from "../../../support/lazy.ts";
import type { Input, Screen } from "./screen.ts";
import { oneLine } from "./text.ts";
import type { Output } from "./writer.ts";

const prompts = lazy(() => import("@clack/prompts"));

export interface Choice<T extends string> {
  value: T;
  label: string;
}

/** Rejects with `cancelled` when the question is dismissed. The caller makes sure that the screen is interactive. */
export async function confirm(screen: Screen, message: string): Promise<boolean> {
  const { confirm: ask, isCancel } = await prompts();
  const answer = await untilAnswered(screen, (way) => ask({ message: oneLine(message), initialValue: false, ...way }));
  if (isCancel(answer)) throw dismissed();
  return answer;
}

/** Resolves with undefined when the question is dismissed or the signal aborts. */
export async function select<T extends string>(
  screen: Screen,
  message: string,
  choices: Choice<T>[],
  signal?: AbortSignal,
): Promise<T | undefined> {
  const { select: ask, isCancel } = await prompts();
  const options = choices.map(({ value, label }) => ({ value: String(value), label: oneLine(label) }));
  const answer = await untilAnswered(
    screen,
    (way) => ask<string>({ message: oneLine(message), options, ...way }),
    signal,
  );
  return isCancel(answer) ? undefined : choices.find(({ value }) => value === answer)?.value;
}

/** Asks for text that is not shown. Rejects with `cancelled` when the question is dismissed. */
export async function password(screen: Screen, message: string): Promise<string> {
  const { password: ask, isCancel } = await prompts();
  const answer = await untilAnswered(screen, (way) => ask({ message: oneLine(message), ...way }));
  if (isCancel(answer)) throw dismissed();
  return answer ?? "";
}

interface Way {
  input: Input;
  output: Output;
  signal: AbortSignal;
}

/** Asks; after a Ctrl-Z, which leaves a question that no key reaches any more, asks anew. */
async function untilAnswered<T>(screen: Screen, ask: (way: Way) => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const stopped = new AbortController();
    let goOn = (): void => undefined;
    const resumed = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const release = screen.suspension.around({ leave: () => stopped.abort(), enter: goOn });
    try {
      const either = AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]);
      const answer = await ask({ input: screen.stdin, output: screen.stderr.stream, signal: either });
      if (!stopped.signal.aborted || signal?.aborted) return answer;
      await resumed;
    } finally {
      release();
    }
  }
}

function dismissed(): ExecutionFailure {
  return new ExecutionFailure("cancelled", "nothing was changed");
}
