"""Whether a run may run the Python code that its study names; asked before anything is stored."""

from collections.abc import Iterable

from dse.contracts.backend import Job
from dse.contracts.errors import DataError
from dse.engine.keys import place_of
from dse.runtime.modules import check_module
from dse.study.binding import Binding


def check_code(binding: Binding, jobs: Iterable[Job]) -> None:
    """Refuse a study that names modules in a folder that is not trusted.

    Args:
        binding: the study.
        jobs: what it will evaluate.

    Raises:
        StudyError: names the file, the key and the folder.
    """
    base = binding.study.base
    workload = binding.workload(base)
    # the parameters of the workload are those of its fingerprint
    alike = {job.fingerprint: job.workload_parameters for job in jobs}
    for parameters in alike.values():
        for setting, module in workload.own_modules(parameters):
            try:
                check_module(module, base)
            except DataError as error:
                place = place_of(setting, binding)
                message = f"{error.message} ({error.where})"
                raise binding.study.source.mistake(place, message, error.hint) from error
