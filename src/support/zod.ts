/**
 * For `safeParse`. Without it zod compiles a checker at a schema's first use, which costs 1 to 5 ms each, in the middle of
 * a turn; what it saves, two microseconds a value, is made up for after thousands of them.
 */
export const JITLESS = { jitless: true } as const;
