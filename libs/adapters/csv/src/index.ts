export { csvFile, type CsvFileOptions, type CsvRow } from "./csv-file.ts";
export { csvSink, type CsvSinkOptions } from "./csv-sink.ts";
export { CsvError, explainCsvFault, type CsvFault } from "./csv-fault.ts";
