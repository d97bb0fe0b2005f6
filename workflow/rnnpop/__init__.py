"""rnnpop: populations of task-trained recurrent networks. Knows nothing of Snakemake and imports nothing by itself."""

__version__ = "0.1.0"
