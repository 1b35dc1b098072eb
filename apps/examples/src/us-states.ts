const STATES: ReadonlySet<string> = new Set(
  (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI " +
    "SC SD TN TX UT VT VA WA WV WI WY"
  ).split(" "),
);

/** Whether two letters stand for one of the 50 states. The District of Columbia and the territories are none. */
export function isState(code: string): boolean {
  return STATES.has(code);
}
