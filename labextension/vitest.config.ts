import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The widgets' modules are tested from here, and live beside their Python classes.
  server: { fs: { allow: ['..'] } },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'] }
});
