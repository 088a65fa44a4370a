/** Single keys, as they are typed. */
import { lookUp } from "../../../support/objects.ts";
import type { Input } from "../screen/screen.ts";

export type Key = "up" | "down" | "interrupt" | "suspend" | string;

interface RawInput extends Input {
  setRawMode?(raw: boolean): unknown;
}

const NAMES: Readonly<Record<string, Key>> = {
  "\x1b[A": "up",
  "\x1bOA": "up",
  k: "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  j: "down",
  "\x03": "interrupt",
  "\x04": "q",
  "\x1a": "suspend",
  "\x1b": "q",
};

/** Calls `onKey` for each key. Returns a function that stops it and restores the terminal. */
export function listenForKeys(input: RawInput, onKey: (key: Key) => void): () => void {
  const onData = (data: Buffer | string) => {
    const text = data.toString();
    onKey(lookUp(NAMES, text) ?? text.toLowerCase());
  };
  input.setRawMode?.(true);
  input.on("data", onData);
  input.resume();
  return () => {
    input.off("data", onData);
    input.setRawMode?.(false);
    input.pause();
  };
}
