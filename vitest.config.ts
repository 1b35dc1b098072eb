import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["refold-source"] },
  ssr: { resolve: { conditions: ["refold-source"] } },
  test: {
    include: ["{libs,apps,tools}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});
