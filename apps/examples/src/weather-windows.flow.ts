// Windows of event time. This flow reads what the temperature in Seattle normally is, hour by hour through a year, finds the
// lowest and the highest of each day, and tells for each month what they are on average.
//
//   npx refold run apps/examples/src/weather-windows.flow.ts
import { flow, groupBy, onEnd, tumbling } from "refold";

import { decimalText } from "./decimal-text.ts";
import { readHourlyNormals } from "./weather.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

export default flow("weather-windows", (f) => {
  const hours = f.source("hours", readHourlyNormals);

  // A window holds the inputs whose time lies within it, whenever they come. The last hour of a day does not close its window;
  // the first hour of the next does, because then no input that is on time can come for it any more.
  const days = hours.window("days", {
    over: tumbling(DAY_MS),
    time: (hour) => hour.atMs,
    initial: () => ({ hours: 0, lowest: Number.MAX_SAFE_INTEGER, highest: Number.MIN_SAFE_INTEGER }),
    fold: (day, { temperatureTenths }) => ({
      hours: day.hours + 1,
      lowest: Math.min(day.lowest, temperatureTenths),
      highest: Math.max(day.highest, temperatureTenths),
    }),
    project: ({ start, value }) => ({ date: new Date(start).toISOString().slice(0, 10), ...value }),
  });

  // Hours that come after their day was closed would be told of here. In this data set there are none.
  days.late.sink("late-hours", (hour) => console.log(`late: ${JSON.stringify(hour)}`));

  const months = days.stateful(
    "months",
    groupBy({
      key: (day) => day.date.slice(0, 7),
      initial: () => ({ days: 0, lowest: 0, highest: 0 }),
      fold: (month, day) => ({
        days: month.days + 1,
        lowest: month.lowest + day.lowest,
        highest: month.highest + day.highest,
      }),
      emit: onEnd(),
    }),
  );
  months.sink("months-out", ({ key, value: { days, lowest, highest } }) => {
    console.log(`${key}  ${decimalText(lowest, days * 10, 1)} to ${decimalText(highest, days * 10, 1)} °C`);
  });
});
