#!/usr/bin/env node
'use strict';
// Runs from source, without a build: Node strips the types. Slower to start than run.js.
void import('../src/entry.ts').then(({ main }) => main());
