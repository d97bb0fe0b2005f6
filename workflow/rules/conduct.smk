"""How a run goes: what it says while it goes on, that it is alone in its folder, and what Snakemake does not do of itself."""

import fcntl
import re
from functools import partial

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.scheduling.job_scheduler import JobScheduler

from rnnpop import progress

if workflow.remote_exec:
    # A job on a cluster leaves it to the process that submitted it to record what it was made with. Where that one is killed, nobody does,
    # and no later change of the config would make it again (Snakemake 9.27): so the job records it itself.
    from snakemake.persistence import PersistenceBase

    finished_of_snakemake = PersistenceBase.finished

    async def record_itself(persistence, job):
        settings = workflow.remote_execution_settings
        settings.immediate_submit = True  # the one case in which Snakemake lets jobs record
        try:
            await finished_of_snakemake(persistence, job)
        finally:
            settings.immediate_submit = False

    PersistenceBase.finished = record_itself


def look_again(scheduler, delay, wait=JobScheduler._schedule_reevalutation):
    """Wake the scheduler later, where the limit of submissions (100 a second) holds jobs back. Of itself it leaves, for each finished job, a
    timer behind that wakes it every second for the rest of the run: after some hundred jobs that took a third of a core (Snakemake 9.27).
    """
    limiter = scheduler.job_rate_limiter
    if limiter is None or delay != limiter.timespan or len(limiter._jobs) >= limiter.max_jobs:  # those of the last second, when it chose
        wait(scheduler, delay)


JobScheduler._schedule_reevalutation = look_again


def take_folder():
    """Hold this folder until this process ends, however it ends. Snakemake's own lock outlives a run that is killed, lets in two that start
    together, and a run on other targets takes it away; of what this one guards, see `run`."""
    number = os.open(".snakemake/run.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError("another run is at work in this folder; this one did nothing") from None
    except OSError:
        pass  # a file system without such locks: Snakemake's own must do


def calm(record):
    """Whether Snakemake says it aloud: of each job a line is said when it ends, so nothing of its bookkeeping."""
    event = getattr(getattr(record, "event", None), "name", "")
    return event not in ("JOB_STARTED", "JOB_FINISHED", "PROGRESS") and record.msg != "Select jobs to execute..."


def plan():
    """What this run is to do; how long its jobs took before, and which networks its studies have, from what earlier runs left."""
    jobs = {
        workflow.dag.jobid(job): progress.Job(
            job.rule.name,
            dict(job.wildcards_dict),
            Path(str(job.log[0])),
            progress.seconds_of(Path(str(job.benchmark))),
            len(design.indexes(job.wildcards.shard)) if job.rule.name == "train" else 0,
        )
        for job in workflow.dag.needrun_jobs()
        if job.log  # targets have no work of their own
    }
    tables = {rule.name: re.sub(r"\{.*?\}", "*", str(rule.benchmark)) for rule in workflow.rules if rule.benchmark}
    before = {rule: map(progress.seconds_of, Path().glob(tables[rule])) for rule in {job.rule for job in jobs.values()}}
    to_train = {tuple(job.names.values()) for job in jobs.values() if job.networks}
    trained = [
        shard
        for study in {names[0] for names in to_train}
        for task in STUDIES[study].tasks
        for shard in STUDIES[study].shards(task)
        if tuple(shard.wildcards.values()) not in to_train and Path(of_shard(shard, "networks")).exists()
    ]
    return progress.Progress(
        jobs,
        {rule: [seconds for seconds in found if seconds is not None] for rule, found in before.items()},
        sum(map(len, trained)),
    )


if workflow.is_main_process:
    aloud = not workflow.output_settings.log_handler_settings  # another logger has the terminal to itself
    for handler in logger.handlers if aloud else []:
        handler.addFilter(calm)
    logger.addHandler(progress.Teller(plan, Path("results/logs/progress.log"), partial(print, flush=True) if aloud else None))
