"""Figure of merit of the study anomaly_autoencoder: how well errors tell anomalies."""

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import auc


def anomaly_auc(targets: NDArray[np.floating], outputs: NDArray[np.floating]) -> float:
    """Return the AUC of the mean squared error of the reconstruction.

    Args:
        targets: (samples, features + 1); the last column is 1 for an anomaly, else 0.
        outputs: (samples, features), the reconstruction.
    """
    error = np.mean((targets[:, :-1] - outputs) ** 2, axis=1)
    return auc(targets[:, -1], error)
