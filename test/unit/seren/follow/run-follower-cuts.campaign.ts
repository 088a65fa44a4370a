/** A stream that breaks at each of its bytes. */
import { describeCuts } from "./cuts.ts";

describeCuts({ stride: 1, seeds: 300 });
