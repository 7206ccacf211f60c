globalThis.headgate ??= headgate;

// <script src="headgate.js" data-install>, as injection into pages writes it.
if (globalThis.document?.currentScript?.hasAttribute('data-install'))
  headgate.install();
