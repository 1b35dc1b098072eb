#!/usr/bin/env node
// npm links a bin only if the file exists when it installs, and `dist` is built after that.
import "../dist/main.js";
