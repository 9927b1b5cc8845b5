"""DICOM files compressed without loss, by other hands than those that read them where there are such."""

import locale
from pathlib import Path

import pydicom
import SimpleITK as sitk

COMPRESSORS = ("JPEG", "JPEG2000", "RLE")


def compress(path: Path, compressor: str) -> None:
    """Write a slice again, its pixels compressed by pydicom (RLE) or by GDCM (the others)."""
    if compressor == "RLE":
        file = pydicom.dcmread(path)
        file.compress(pydicom.uid.RLELossless)
        file.save_as(path)
    else:
        before = locale.setlocale(locale.LC_ALL)
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetFileName(str(path))
        writer.KeepOriginalImageUIDOn()
        writer.UseCompressionOn()
        writer.SetCompressor(compressor)
        writer.Execute(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
        locale.setlocale(locale.LC_ALL, before)  # writing JPEG leaves the process in the locale C
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_compressed
