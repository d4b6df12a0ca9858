from PIL import Image
from torch.utils.data import Dataset
import torchvision.transforms as T


class DermDataset(Dataset):
    def __init__(self, df, root):
        self.df, self.root = df.reset_index(drop=True), root
        self.t = T.Compose([T.Resize(384), T.ToTensor()])

    def __len__(self):
        return len(self.df)

    def __getitem__(self, i):
        r = self.df.iloc[i]
        return self.t(Image.open(f"{self.root}/{r.image}").convert("RGB")), r.label
