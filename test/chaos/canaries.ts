/** Secrets that must never appear in any output, and the search for them. None has a form that is redacted by pattern. */

/** The API key of the test service. */
export const API_KEY = "canary-key-of-the-chaos-4711";
/** Values of the secrets that the fixture parcels declare, by name. */
export const DECLARED: Readonly<Record<string, string>> = {
  REPORT_DB_URL: "postgres://canary:declared-db@db.example/reports",
  REPORT_TOKEN: "declared-report-canary-token",
  BROKER_TOKEN: "declared-broker-canary-token",
  PLANNER_USER: "declared-planner-canary-user",
  PLANNER_PASS: "declared-planner-canary-pass",
};
/** These are recognized by their form alone. */
const SIGNATURE = "canarysignature0123456789abcdef";
const BEARER = "canarybearer.0123456789abcdef";
const SEREN_KEY = "seren_canary0123456789abcdef";

export const CANARIES: readonly string[] = [API_KEY, ...Object.values(DECLARED), SIGNATURE, BEARER, SEREN_KEY];

/** Returns answers that contain a secret; declared secrets only where the program knows them. */
export function canaryTexts(declared: boolean): string[] {
  return [
    `the key is ${API_KEY}, keep it\n`,
    `see https://store.example/a?X-Amz-Expires=900&X-Amz-Signature=${SIGNATURE} for it `,
    `curl -H "Authorization: Bearer ${BEARER}" there\n`,
    `old key\n${SEREN_KEY} new `,
    ...(declared ? [`db is ${DECLARED.REPORT_DB_URL} and ${encodeURIComponent(DECLARED.REPORT_TOKEN ?? "")}`] : []),
  ];
}

/** Searches a stream of bytes for canaries, across chunk boundaries. */
export class CanarySearch {
  readonly found = new Set<string>();
  #tail = Buffer.alloc(0);

  look(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    for (const canary of CANARIES) if (bytes.includes(canary)) this.found.add(canary);
    this.#tail = Buffer.from(bytes.subarray(-LONGEST));
  }
}
const LONGEST = Math.max(...CANARIES.map((canary) => canary.length));

export const canariesIn = (text: string): string[] => CANARIES.filter((canary) => text.includes(canary));
