/** Returns the largest whole number up to `most` for which `fits` says yes. It says yes up to there, and 0 is taken to fit. */
export function largestWhere(most: number, fits: (count: number) => boolean): number {
  let [fitting, tooMany] = [0, most + 1];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle)) fitting = middle;
    else tooMany = middle;
  }
  return fitting;
}
