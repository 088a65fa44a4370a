/** Value of the `User-Agent` header of every request this program makes. */
export function userAgent(): string {
  return `seren-bridge/${__VERSION__}`;
}
