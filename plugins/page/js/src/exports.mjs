// Loaded twice, the library that came first is the one.
const {
  NativeWebSocket: theNative, WebSocket: theClass, authenticate: theAuthenticate,
  configure: theConfigure, extension: theExtension, install: theInstall,
  tools: theTools, version: theVersion,
} = headgate;

export {
  theNative as NativeWebSocket, theClass as WebSocket,
  theAuthenticate as authenticate, theConfigure as configure,
  headgate as default, theExtension as extension, theInstall as install,
  theTools as tools, theVersion as version,
};
