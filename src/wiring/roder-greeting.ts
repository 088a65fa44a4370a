/** Wires the answer to Roder's first question. */
import { greetRoder } from "../adapters/roder/greeting.ts";
import { readConfig } from "../config.ts";
import type { Greeting } from "../stdio/first-line.ts";

/** `programPath`: the file the host has started. */
export const roderGreeting = (programPath: string): Greeting => greetRoder(programPath, readConfig().roderManifest);
