// Tasks of the event loop, in order. A timer would be slowed down in a tab that
// nobody sees.
const tasks = [];
let taskPort;

function runTask() {
  const task = tasks.shift();
  if (tasks.length === 0)
    taskPort.receiver.unref?.(); // node: nothing keeps the process for it
  task();
}

function queueTask(task) {
  if (!taskPort) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = runTask;
    taskPort = { receiver: port1, sender: port2 };
  }
  taskPort.receiver.ref?.();
  tasks.push(task);
  taskPort.sender.postMessage(0);
}

// The end of a wait. Gives a function that takes it back.
function startTimer(ms, task) {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
}
