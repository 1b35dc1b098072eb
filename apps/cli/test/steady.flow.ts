import { richFlow } from "./rich-flow.ts";

export default richFlow("steady", { chance: false });
