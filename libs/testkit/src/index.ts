export { runStoreConformance } from "./run-store-conformance.ts";
export type {
  FailingRunStore,
  RunStoreConformance,
  RunStoreUnderTest,
  TestRunner,
} from "./run-store-conformance/under-test.ts";
