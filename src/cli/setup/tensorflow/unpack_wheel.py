"""unpack_wheel.py WHEEL FOLDER: unpacks the files of a wheel that the addon needs.

From TensorFlow's: its two C libraries into FOLDER/lib, the headers of its C interface into
FOLDER/include. From NVIDIA's: libraries and compiler into FOLDER/nvidia, where TensorFlow's
libraries look for them (their run path says $ORIGIN/../nvidia/<part>/lib).
"""
import os
import re
import shutil
import sys
import zipfile

WANTED = [
    (r"tensorflow/(libtensorflow_(?:cc|framework)\.so\.2)", r"lib/\1"),
    (r"tensorflow/(include/tensorflow/c/.*\.h)", r"\1"),
    (
        r"tensorflow/(include/.*/(?:ctstring|ctstring_internal|tsl_status|tf_rendezvous_c_api)\.h)",
        r"\1",
    ),
    (r"tensorflow/(include/tsl/platform/platform\.h)", r"\1"),
    (r"(nvidia/\w+/lib/(?!.*\.alt\.).*\.so.*)", r"\1"),
    (r"(nvidia/cuda_nvcc/(?:bin|nvvm)/.*[^/])", r"\1"),
]


def main(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            for pattern, target in WANTED:
                match = re.fullmatch(pattern, name)
                if match:
                    unpack(archive, name, os.path.join(folder, match.expand(target)))
                    break


def unpack(archive, name, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with archive.open(name) as source, open(target, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    if "/bin/" in name:
        os.chmod(target, 0o755)


main(*sys.argv[1:])
