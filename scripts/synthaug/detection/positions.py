"""The positions at which YOLOv3 predicts, one for each anchor in each cell, and the boxes that its numbers mean."""

import numpy as np
import torch

from synthaug.detection import darknet, yolov3

LARGEST = 4.0  # natural logarithm of the factor between a predicted width and its anchor's, against overflow


class Positions:
    """All positions on slices of one side, in the order of the network's predictions: the finest scale first.

    Lengths are px of the slice, whatever the side that it is resized to for the network.

    Parameters
    ----------
    side
        Of a slice.
    anchors
        float32 (9, 2): widths and heights, smallest area first. Their device is that of all tensors here.
    input_px
        Side to which slices are resized for the network; None for their own.

    Attributes
    ----------
    cells
        int (3,): cells along a side, of each scale.
    stride
        float32 (positions, 1): side of the cell.
    corner
        float32 (positions, 2): x and y of the cell's upper left corner.
    anchor
        float32 (positions, 2): width and height.
    """

    def __init__(self, side: int, anchors: torch.Tensor, input_px: int | None = None):
        self.side = side
        self.sizes = anchors.cpu().numpy().astype(np.float64)
        self.cells = np.array([(input_px or side) // stride for stride in darknet.STRIDES])
        stride, corner, anchor = [], [], []
        for scale, cells in enumerate(self.cells.tolist()):
            rows, columns, number = np.indices((cells, cells, yolov3.ANCHORS_PER_SCALE)).reshape(3, -1)
            stride.append(np.full((len(rows), 1), side / cells))
            corner.append(np.stack([columns, rows], 1) * side / cells)
            anchor.append(self.sizes[number + scale * yolov3.ANCHORS_PER_SCALE])
        self.stride, self.corner, self.anchor = (
            torch.from_numpy(np.concatenate(parts).astype(np.float32)).to(anchors.device)
            for parts in (stride, corner, anchor)
        )

    def __len__(self) -> int:
        return len(self.stride)

    def of(self, anchor: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of anchors in the cells that hold some points, and where in the cell the points lie.

        Parameters
        ----------
        anchor
            int (...), 0 to 8.
        centre
            float (..., 2): x and y on the slice.

        Returns
        -------
        tuple
            int64 (...), and float64 (..., 2) from 0 to 1.
        """
        scale, number = np.divmod(anchor, yolov3.ANCHORS_PER_SCALE)
        cells = self.cells[scale]
        place = centre * cells[..., None] / self.side
        cell = np.clip(np.floor(place), 0, cells[..., None] - 1).astype(np.int64)
        before = np.concatenate([[0], np.cumsum(self.cells[:-1] ** 2)])[scale]
        position = (before + cell[..., 1] * cells + cell[..., 0]) * yolov3.ANCHORS_PER_SCALE + number
        return position, place - cell

    def boxes(self, predictions: torch.Tensor) -> torch.Tensor:
        """Return the boxes that the network predicts, before they are clipped to the slice.

        Parameters
        ----------
        predictions
            float (n, positions, 1 + 4 + classes), see `yolov3.Yolov3`. The centre is the sigmoid of two of the numbers,
            in cells from the cell's corner; width and height are the anchor's, times the exponential of the other two.

        Returns
        -------
        float (n, positions, 4)
        """
        centre = self.corner + predictions[..., yolov3.CENTRE].sigmoid() * self.stride
        half = self.anchor * predictions[..., yolov3.SIZE].clamp(max=LARGEST).exp() / 2
        return torch.cat([centre - half, centre + half], -1)
