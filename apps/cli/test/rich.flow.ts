import { richFlow } from "./rich-flow.ts";

export default richFlow("rich", { chance: true });
