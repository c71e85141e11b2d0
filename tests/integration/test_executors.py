"""Both executors against the one contract."""

from dse.engine.executor import Executor
from dse.engine.ray_executor import RayExecutor
from dse.engine.serial import SerialExecutor
from dse.testing.executors import ExecutorSuite


class TestSerial(ExecutorSuite):
    def make(self) -> Executor:
        return SerialExecutor()


class TestRay(ExecutorSuite):
    def make(self) -> Executor:
        return RayExecutor(workers=2)
