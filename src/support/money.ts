/** Amounts in US dollars as whole millionths: sums of fractions would drift. */

import { withoutEnd } from "./trim.ts";

const AMOUNT = /^\+?(\d{1,9})(?:\.(\d{1,30}))?$/;

/** Returns a decimal text in millionths, rounded up; undefined for anything else. */
export function microsOf(usd: string | undefined): number | undefined {
  const [, whole = "", fraction = ""] = AMOUNT.exec(usd ?? "") ?? [];
  if (whole === "") return undefined;
  const rest = /[1-9]/.test(fraction.slice(6)) ? 1 : 0;
  return Number(whole) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, "0")) + rest;
}

/** Returns an amount that a person has set, in millionths. */
export function microsFrom(usd: number): number {
  return Math.round(usd * 1_000_000);
}

/** Returns an amount as the service writes it: a decimal text with six places. */
export function decimalOf(micros: number): string {
  return (micros / 1_000_000).toFixed(6);
}

/** Returns an amount as people write it: `$0.0042`, `$1.50`. */
export function dollars(micros: number): string {
  const [whole = "", fraction = ""] = decimalOf(micros).split(".");
  return `$${whole}.${withoutEnd(fraction, "0").padEnd(2, "0")}`;
}
