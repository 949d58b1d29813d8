import assert from "node:assert/strict";
import test from "node:test";

import { uuid } from "../../../static/src/shell/uuid.js";

test("a UUID is one of version 4, and each another", () => {
  const made = Array.from({ length: 500 }, uuid);
  for (const one of made) assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(made).size, made.length);
});
