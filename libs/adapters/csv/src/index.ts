export { csvFile, type CsvFileOptions, type CsvRow } from "./csv-file.ts";
export { CsvError, explainCsvFault, type CsvFault } from "./csv-fault.ts";
